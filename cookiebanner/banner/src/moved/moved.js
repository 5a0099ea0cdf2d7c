/**
 * What a visitor told another consent manager before the site moved from it. A site that says where it came from has one of
 * this folder's files behind its gate; all others have nothing of it. Where the forms are documented: docs/move.md.
 */

const DAY = 86400;
const now = () => Date.now() / 1000;

/**
 * @typedef {object} Said
 * @property {Object<string, boolean>} said what was allowed and refused, by the other's own names
 * @property {number} [t] when, in seconds; nothing = it does not say
 * @property {boolean} [expires] the browser deletes it after the days that the site names
 */

/** @param {(moved: {names: [string, string][], days?: number, key?: string}) => Said|undefined|false} read what stands in this browser */
export function moved(read) {
  const { _: core } = window.fairgate || {};
  if (core?.cfg !== __fg) return;
  const { names, days } = __fg.moved;

  function elsewhere() {
    const found = read(__fg.moved);
    if (!found) return;
    const given = { __proto__: null };
    for (const [, key] of names) {
      const answers = names.flatMap(([name, its]) => (its === key ? [found.said[name]] : []));
      // A category was refused when something in it was, and allowed when all of it was.
      if (answers.includes(false)) given[key] = false;
      else if (!answers.includes(undefined)) given[key] = true;
    }
    return { given, t: found.t || estimate(Object.values(given), found.expires) };
  }

  /** A refusal without a time is one of today; a yes is as old as it can be, and none where nobody can say how old. */
  function estimate(answers, expires) {
    if (core.answer) return;
    if (!answers.includes(true)) return answers.length && now();
    if (expires && days) return now() - days * DAY;
  }

  core.saidElsewhere = () => core.safely('moved', elsewhere) || {};
  if (core.answer || core.unsure || !core.saidElsewhere().t) return;
  // late.js takes it over, and nobody is asked before that.
  core.unsure = true;
  const old = `${core.vector}`;
  core.vector = core.items.map(({ necessary }) => !!necessary);
  if (old !== `${core.vector}`) core.signalVendors('update');
}

/** @returns {Object<string, boolean>} of an object, the members that are yes or no */
export const booleans = (object) => {
  const said = { __proto__: null };
  for (const name of Object.keys(Object(object))) if (object[name] === !!object[name]) said[name] = object[name];
  return said;
};
