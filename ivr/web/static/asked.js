/* What the keys mean right now, taken from what the line says: each option before its key, as all
   menus are worded (核验号码按1 · Check a number, press 1; a person, 0). What reads otherwise, such
   as an aside about another call, labels nothing: better no label than a wrong one. */

const LONGEST = { zh: 9, en: 26 };
const NAMED = { 井号: "#", 星号: "*", hash: "#", star: "*" };
const FORMS = {
  zh: { parts: /[，。；：、！？]/, option: /^(.+?)请?按(\d|井号|星号)$/, aside: /公开号码|直接|说完|^再$/ },
  en: { parts: /[.;:!?]/, option: /^(.+), (?:press )?(\d|hash|star)(?: to .+)?$/i, aside: /press|just|then/i },
};

/* Pairs of key and label, in the order they were said. */
export function asked(text, language) {
  const tongue = /^en/i.test(language) ? "en" : "zh";
  const { parts, option, aside } = FORMS[tongue];
  const found = [];
  for (const part of text.split(parts)) {
    const [, label, key] = part.trim().match(option) ?? [];
    if (!label || aside.test(label) || /\d/.test(label)) continue;
    const short = label.replace(/^(to|for|if you (are|have)) /i, "").replace(/的$/, "");
    if (short.length <= LONGEST[tongue]) found.push([NAMED[key.toLowerCase()] ?? key, short]);
  }
  return found;
}
