/** Where the gate came from, and which language it speaks. */

/** @param {string} site uuid */
export function origin(site) {
  /** @type {any} */
  const tag = document.currentScript || document.querySelector(`script[src*="/${site}/"]`);
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

const tag = (code) => `${code}`.replace(/_/g, '-').toLowerCase();

/** What is offered exactly, else what the wish is a case of (`fr` for `fr-CH`), else the same language in the same script. */
export function nearest(offered, wish) {
  const same = offered.filter((code) => spoken(tag(code)) === spoken(tag(wish)));
  const wider = same.filter((code) => `${tag(wish)}-`.startsWith(`${tag(code)}-`));
  return wider.sort((a, b) => b.length - a.length)[0] || same[0];
}

/** data-language, <html lang> (a drop-in: only when told to), the browser's languages, the first one offered. */
export const language = (offered, { get, dropIn }) =>
  [get('data-language'), (!dropIn || get('data-document-language') === 'true') && document.documentElement.lang, ...navigator.languages]
    .map((wish) => nearest(offered, wish))
    .find(Boolean) || offered[0];
