/* Passkeys: asks the server what to ask the device, the device, then hands its answer back. Forms
   of `data-passkey` stay hidden where the browser has none; everything else works without. */

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const readable = (options) => ({
  ...options,
  challenge: bytes(options.challenge),
  ...(options.user && { user: { ...options.user, id: bytes(options.user.id) } }),
  ...Object.fromEntries(
    ["excludeCredentials", "allowCredentials"]
      .filter((name) => options[name])
      .map((name) => [name, options[name].map((key) => ({ ...key, id: bytes(key.id) }))]),
  ),
});

const sendable = (made) => {
  const { response } = made;
  const told = { clientDataJSON: text(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) told[name] = text(response[name]);
  }
  return { id: made.id, rawId: text(made.rawId), type: made.type, response: told };
};

const post = async (address, body) => {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
};

const WAYS = {
  "sign-in": {
    options: "/sign-in/passkey/options",
    answer: "/sign-in/passkey",
    ask: (publicKey) => navigator.credentials.get({ publicKey }),
  },
  make: {
    options: "/account/passkeys/options",
    answer: "/account/passkeys",
    ask: (publicKey) => navigator.credentials.create({ publicKey }),
  },
};

const begin = async (form) => {
  const way = WAYS[form.dataset.passkey];
  const made = await way.ask(readable(await post(way.options, {})));
  const name = form.elements.namedItem("name");
  const told = { answer: sendable(made), next: form.dataset.next ?? "", name: name?.value ?? "" };
  const { next } = await post(way.answer, told);
  location.assign(next);
};

// No passkey is of a bare address.
if (window.PublicKeyCredential && !/^[\d.]+$|:/.test(location.hostname)) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const fault = form.querySelector("[role=alert]");
      const button = form.querySelector("button");
      fault.hidden = true;
      button.disabled = true;
      try {
        await begin(form);
      } catch {
        fault.hidden = false;
      } finally {
        button.disabled = false;
      }
    });
  }
}
