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

/**
 * data-language, <html lang> (a drop-in: only when told to), the browser's languages, the first one offered; of each the
 * exact code, else the same language.
 */
export const language = (offered, { get, dropIn }) =>
  [get('data-language'), (!dropIn || get('data-document-language') === 'true') && document.documentElement.lang, ...navigator.languages]
    .map((wish) => {
      const low = (wish || '-').replace('_', '-').toLowerCase();
      const like = (end) => offered.find((code) => code.toLowerCase().slice(0, end) === low.slice(0, end));
      return like() || like(2);
    })
    .find(Boolean) || offered[0];
