/** A page's observers are told what the page did, and nothing of what we did. */
import { changes } from './dom.js';
import { KEPT } from './names.js';
import { constructors, methods } from './replace.js';

/** Records without ours; what the page wrote and we keep is told under its own name. */
function withoutOurs(records) {
  if (!changes.size && !records.some(({ attributeName }) => attributeName?.startsWith(KEPT))) return records;
  const moves = new Map();
  /** A node that we moved left its place and came back. */
  const isMove = ({ addedNodes, removedNodes }) => {
    const node = addedNodes[0] || removedNodes[0];
    const done = moves.get(node) || 0;
    if (!(addedNodes.length + removedNodes.length === 1 && changes.get(node)?.moves > done >> 1 && removedNodes.length === 1 - (done & 1)))
      return false;
    moves.set(node, done + 1);
    return true;
  };
  return records
    .filter(
      (record) =>
        !(record.type === 'childList'
          ? changes.get(record.target)?.text || isMove(record)
          : changes.get(record.target)?.[record.attributeName]),
    )
    .map((record) => {
      const name = record.attributeName;
      if (!name?.startsWith(KEPT)) return record;
      return new Proxy(record, { get: (_, key) => (key === 'attributeName' ? name.slice(KEPT.length) : record[key]) });
    });
}

/** @param {any} w */
export function patchObservers(w) {
  constructors(
    w,
    'MutationObserver WebKitMutationObserver',
    ([callback]) =>
      callback instanceof w.Function && [
        /** @this {any} */ function (records, observer) {
          const told = withoutOurs(records);
          if (told.length) callback.call(this, told, observer);
        },
      ],
  );
  methods(w, 'MutationObserver', 'takeRecords', (go) => withoutOurs(go()));
  methods(w, 'MutationObserver', 'observe', (go, args) => {
    const filter = args[1]?.attributeFilter;
    if (filter) args[1] = { ...args[1], attributeFilter: [...filter].flatMap((name) => [name, KEPT + name]) };
    return go();
  });
}
