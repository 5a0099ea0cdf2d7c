/** Writing an answer down; cookie.js says how it looks. */

const STEPS = 3; // that an answer carries: who knows an earlier release, or one that parted from ours, understands what he shares

/** @param {string} uuid @returns {string} its 16 bytes in base64url; '' for what is none */
export function short(uuid) {
  const pairs = uuid.replace(/-/g, '').match(/[0-9a-f]{2}/gi) || [];
  if (uuid.length !== 36 || pairs.length !== 16) return '';
  const bytes = pairs.map((pair) => parseInt(pair, 16));
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .slice(0, 22);
}

/** @param {string} text @returns {string} the UUID that `short` was given; '' for what is none */
export function long(text) {
  if (!/^[\w-]{22}$/.test(text)) return '';
  const bytes = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  const hex = [...bytes].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** The last steps of a numbering, the newest first. */
const lastSteps = (steps) =>
  Object.keys(steps)
    .slice(-STEPS)
    .reverse()
    .map((count) => `${count}.${steps[count]}`)
    .join('.');

/** What is necessary was no choice; a container goes with its category, whatever set it free. */
function digits(items, vector) {
  const codes = [];
  items.forEach(({ slots, necessary, container, group }, i) => {
    const value = vector[container && group ? items.indexOf(group) : i];
    if (!necessary && value !== undefined) codes[slots[0]] = value ? 2 : 1;
  });
  let text = '';
  for (let at = 0; at < codes.length; at += 3) text += [0, 1, 2].reduce((sum, k) => sum + (codes[at + k] || 0) * 3 ** k, 0).toString(27);
  return text;
}

/**
 * @param {{id: string, u: string, t: number, g: string, x: boolean, o: boolean}} answer ids as UUIDs
 * @param {object} core {items, cfg} @param {(boolean|undefined)[]} vector
 * @returns {string} the value of the state cookie
 */
export const encode = ({ id, u, t, g, x, o }, { items, cfg }, vector) =>
  `v=2&id=${short(id)}&u=${short(u)}&t=${t.toString(36)}&g=${g}&n=${lastSteps(cfg.steps)}&b=${digits(items, vector)}&x=${+x}&o=${+o}`;

/**
 * A stored answer as it is renewed: with our steps in place of its own, if its last one is ours; what came since has no digit in
 * it. So an objection that is renewed at every view is understood however many releases follow.
 *
 * @param {{raw: string}} answer @param {{cfg: object}} core
 */
export const renewed = ({ raw }, { cfg }) =>
  raw.replace(/&n=(\d+)\.([\w-]+)[\w.-]*/, (all, count, tag) => (cfg.steps[count] === tag ? `&n=${lastSteps(cfg.steps)}` : all));
