/**
 * Ways to replace what a window offers. An interface that the browser does not have is no failure; what cannot be replaced is
 * reported, and the rest goes on.
 */
import { host } from './decide.js';
import { apply, closest, construct, define, describe } from './dom.js';

/** Whether something could not be replaced: a page may have frozen it. */
export let incomplete = false;

/** Does what stands here run, or may it come into the page without our being told? An option does by its index (`select[0] = option`). */
export const mayRun = (node) => node.isConnected || incomplete || (node.localName && closest(node, 'option'));

/** Replaces an accessor or a value of an interface (or of `w`) by what `make(set, get)` or `make(value)` gives. */
function replace(w, where, name, make) {
  try {
    const object = w[where]?.prototype || where;
    const found = describe(object, name);
    if (found) define(object, name, 'value' in found ? { value: make(found.value) } : make(found.set, found.get));
  } catch (error) {
    incomplete = true;
    host.disarmed(name, error);
  }
}

/** An object of the browser's → what stands for it, and back. */
const standIns = new WeakMap();
const natives = new WeakMap();
export const nativeOf = (object) => natives.get(object) || object;
/** Stands for an object whose properties are no members of its interface, so that writes to them are heard. @param {ProxyHandler<any>} handler */
export function standInFor(object, handler = {}) {
  let standIn = standIns.get(object);
  if (!standIn) {
    standIn = new Proxy(object, handler);
    standIns.set(object, standIn);
    natives.set(standIn, object);
  }
  return standIn;
}

/** Methods: `run(go, args, self, name, native)`, where `go()` calls the native with `args` as they then are. */
export function methods(w, where, names, run) {
  for (const name of names.split(' ')) {
    replace(
      w,
      where,
      name,
      (native) =>
        /** @this {any} */ function (...args) {
          return run(() => apply(native, this, args), args, this, name, native);
        },
    );
  }
}

/** A property: `set(value, go, self)`, where `go(value)` calls the native; `read(go, self)`. */
export function property(w, where, name, set, read = (go, _self) => go()) {
  replace(w, where, name, (setter, getter) =>
    set && !setter
      ? {}
      : {
          get() {
            return read(() => apply(getter, this, []), this);
          },
          set:
            setter &&
            /** @this {any} */ function (value) {
              if (set) set(value, (given) => apply(setter, this, [given]), this);
              else apply(setter, this, [value]);
            },
        },
  );
}

/** Constructors: `change(args)` gives other arguments, if need be; `begin(made, native, args)` is told of what was made. */
export function constructors(w, names, change, begin = undefined) {
  for (const name of names.split(' ')) {
    replace(w, w, name, (native) => {
      const makeOne = (target, args, as) => {
        const made = construct(target, change(args) || args, as);
        begin?.(made, native, args);
        return made;
      };
      const made = new Proxy(native, { construct: makeOne });
      native.prototype.constructor = made;
      return made;
    });
  }
}
