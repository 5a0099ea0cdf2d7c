/** Where the gate came from, and which language it speaks. */

/** @param {string} site uuid */
export function origin(site) {
  const tag = document.currentScript || document.querySelector(`script[src*="/${site}/"]`);
  const get = (name) => tag?.getAttribute(name);
  const src = tag?.src || '';
  const at = src.search(/\/(v1|consent|scripttemplates)\//);
  return {
    tag,
    get,
    base: at < 0 ? get('data-base') || '' : src.slice(0, at),
    nonce: tag?.nonce || '',
    dropIn: /OtAutoBlock/.test(src) || !!get('data-domain-script'),
    // OneTrust's testing script works anywhere and writes host-only cookies.
    test: /-test\//.test(src) || /-test$/.test(get('data-domain-script')),
  };
}

/** @returns {string|undefined} the exact code, else its first two letters, else any of that language */
export const match = (offered, wish) =>
  [/^.*$/, /^../].map((part) => part.exec((wish || '-').replace('_', '-').toLowerCase())?.[0])
    .map((code) => offered.find((one) => one.toLowerCase() === code) || (code?.length === 2 && offered.find((one) => one.toLowerCase().startsWith(code))))
    .find(Boolean);

/** data-language, <html lang> (a drop-in: only when told to), the browser's languages, the first one offered. */
export const language = (offered, { get, dropIn }) =>
  [get('data-language'), (!dropIn || get('data-document-language') === 'true') && document.documentElement.lang, ...navigator.languages]
    .map((wish) => match(offered, wish))
    .find(Boolean) || offered[0];
