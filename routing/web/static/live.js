/* Keeps a part of a page fresh: <… data-live="/address" data-every="3"> is fetched again and its
   children, known by data-key, are replaced only where they changed, so that a playing recording
   goes on and an open list stays open. The server writes the markup; nothing is built from text. */

const written = new WeakMap();

function keyed(element) {
  return [...element.children].filter((child) => child.dataset.key !== undefined);
}

/* The markup as the server wrote it: what a visitor changed since (an open list) does not count. */
function remember(element) {
  written.set(element, element.outerHTML);
  element.querySelectorAll("[data-key]").forEach((child) => written.set(child, child.outerHTML));
}

function same(here, fresh) {
  return written.get(here) === fresh.outerHTML;
}

/* Only an element made of keyed children alone is renewed piece by piece. */
function inPieces(here, fresh) {
  return [here, fresh].every((e) => e.children.length > 0 && keyed(e).length === e.children.length);
}

function renew(here, fresh) {
  if (same(here, fresh)) return;
  if (!inPieces(here, fresh)) {
    remember(fresh);
    here.replaceWith(fresh);
    return;
  }
  written.set(here, fresh.outerHTML);
  merge(here, fresh);
}

export function merge(here, fresh) {
  const old = new Map(keyed(here).map((child) => [child.dataset.key, child]));
  const wanted = [...fresh.children];
  const kept = new Set(wanted.map((child) => child.dataset.key));
  old.forEach((child, key) => kept.has(key) || child.remove());
  let place = here.firstElementChild;
  for (const child of wanted) {
    const match = old.get(child.dataset.key);
    if (match === undefined) {
      remember(child);
      here.insertBefore(child, place);
      continue;
    }
    /* Moving an element would stop its sound: one that plays stays where it is. */
    if (match === place) place = place.nextElementSibling;
    else if (!playing(match)) here.insertBefore(match, place);
    renew(match, child);
  }
}

function playing(element) {
  return [...element.querySelectorAll("audio")].some((audio) => !audio.paused);
}

async function refresh(region, memory) {
  const headers = memory.etag ? { "If-None-Match": memory.etag } : {};
  const answer = await fetch(region.dataset.live, { headers, cache: "no-store" });
  /* The session is over: the page itself leads to the sign-in, and back again. */
  if (answer.redirected) return location.reload();
  if (answer.status !== 200) return;
  memory.etag = answer.headers.get("ETag");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  merge(region, page.body);
}

export function keepFresh(region) {
  const memory = { etag: null, busy: false, missed: false };
  const again = async (event) => {
    /* News that comes while the page is being fetched may not be on it yet. */
    if (memory.busy) memory.missed ||= event?.type === "refresh";
    if (memory.busy || document.hidden) return;
    memory.busy = true;
    memory.missed = false;
    try {
      await refresh(region, memory);
      region.dataset.stale = "no";
    } catch {
      region.dataset.stale = "yes";
    } finally {
      memory.busy = false;
    }
    if (memory.missed) again();
  };
  keyed(region).forEach(remember);
  setInterval(again, 1000 * Number(region.dataset.every || 3));
  document.addEventListener("visibilitychange", again);
  region.addEventListener("refresh", again);
  if (region.children.length === 0) again();
}

document.querySelectorAll("[data-live]").forEach(keepFresh);
