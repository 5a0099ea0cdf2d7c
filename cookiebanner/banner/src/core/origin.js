/** Where the gate came from, and which language it speaks. */

/** @param {string} site uuid */
export function origin(site) {
  /** @type {any} */
  const tag = document.currentScript || document.querySelector(`script[src*="/${site}/"],script[data-base]`);
  const get = (name) => tag?.getAttribute(name);
  const [, base, file] = /^(.*?)\/(?:v1|consent|scripttemplates)(\/.*)/.exec(tag?.src) || [];
  const id = get('data-domain-script');
  return {
    tag,
    get,
    base: base ?? get('data-base') ?? '',
    nonce: tag?.nonce || '',
    dropIn: id || /OtAuto/.test(file),
  };
}

/** Language and script by their names of today (`iw` is `he`, `zh-TW` is in Hant); what is no language is itself. */
const spoken = (code) => {
  try {
    const { language, script } = new Intl.Locale(code).maximize();
    // Most of Norway writes Bokmål; Intl leaves that open.
    return `${language === 'no' ? 'nb' : language}-${script}`;
  } catch {
    return code;
  }
};

/** `de-CH`: these languages are written alike wherever they are spoken, so that nobody has to be asked of which they are a case. */
const REGIONAL = /^(?!az|ha|k[kuy]|m[ns]|p[ai]|s[dr]|tg|u[gz]|zh)(..)-..$/;

/** What is offered exactly, else what the wish is a case of (`fr` for `fr-CH`), else the same language in the same script. */
export function nearest(offered, wish) {
  const tag = (code) => `${code}`.replace(/_/g, '-').toLowerCase();
  const wished = tag(wish);
  const named = (name) => offered.find((code) => tag(code) === name);
  // The browser takes its time over the first language that it is asked about.
  const simple = named(wished) || named(REGIONAL.exec(wished)?.[1]);
  if (simple) return simple;
  const same = offered.filter((code) => spoken(tag(code)) === spoken(wished));
  const wider = same.filter((code) => `${wished}-`.startsWith(`${tag(code)}-`));
  return wider.sort((a, b) => b.length - a.length)[0] || same[0];
}

/** data-language, <html lang> (a drop-in: only when told to), the browser's languages, the first one offered. */
export function language(offered, { get, dropIn }) {
  const { lang } = document.documentElement;
  const wishes = [get('data-language'), (!dropIn || get('data-document-language') === 'true') && lang, ...navigator.languages];
  for (const wish of wishes) {
    const found = wish && nearest(offered, wish);
    if (found) return found;
  }
  return offered[0];
}
