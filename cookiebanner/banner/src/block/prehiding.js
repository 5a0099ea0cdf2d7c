/**
 * Snippets of test tools hide the page until their library has changed it. While that waits, or after a refusal, nobody would
 * show it before their time is over. Part of late.js.
 */

/** What hides the page → what loads the library that would show it. */
const HIDING = {
  'html.async-hide': /googleoptimize\.com|googletagmanager\.com|google-analytics\.com/,
  '#_vis_opt_path_hides': /visualwebsiteoptimizer\.com/,
  '#at-body-style': /adobedtm\.com|omtrdc\.net|\/at(\.min)?\.js|target/i,
  '#alloy-prehiding': /adobedtm\.com|adoberesources\.net|alloy/,
  '#kameleoonLoadingStyleSheet': /kameleoon/,
  '#convert_hide_body': /convertexperiments\.com/,
};

/** Shows a page that waits for a held library. @param {(library: RegExp) => any} heldLibrary its held script */
export function showPage(heldLibrary) {
  for (const selector in HIDING) {
    const found = document.querySelector(selector);
    if (!found || !heldLibrary(HIDING[selector])) continue;
    if (found === document.documentElement) found.classList.remove('async-hide');
    else found.remove();
  }
}
