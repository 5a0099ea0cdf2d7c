/**
 * What a worker's code imports, as the addresses stand there; what its comments name is none. Runs in workers, too, where its
 * text is sent: it may use nothing but what it is given.
 *
 * @param {string} code @returns {string[]}
 */
export function imported(code) {
  const plain = code.replace(/\/\*[^]*?\*\/|\/\/.*|(["'`])(?:\\[^]|(?!\1)[^\\])*\1/g, (text) => (text[0] === '/' ? ' ' : text));
  const found = [...plain.matchAll(/\bimportScripts\s*\(([^)]*)\)|\b(?:import|from)\b[^;"'`()]*\(?\s*("[^"]*"|'[^']*'|`[^`]*`)/g)];
  const named = found.flatMap(([, list, one]) => (list ?? one).match(/[^"'`\s,]+(?=["'`])/g) || []);
  // Whatever is imported by a variable is named somewhere.
  return /\bimport\s*\(\s*[^"'`\s]/.test(plain) ? [...named, ...(plain.match(/https?:\/\/[^\s"'`]+\.m?js\b/g) || [])] : named;
}
