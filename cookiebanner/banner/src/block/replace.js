/**
 * Ways to replace what a window offers. An interface that the browser does not have is no failure; what cannot be replaced is
 * reported, and the rest goes on.
 */
import { host } from './decide.js';
import { apply, closest, define, describe, construct as make, said } from './dom.js';

/** Whether something could not be replaced: a page may have frozen it. */
export let incomplete = false;

/** Does what stands here run, or may it come into the page without our being told? An option does by its index (`select[0] = option`). */
export const mayRun = (node) =>
  node.isConnected || incomplete || (node.localName && (node.parentNode || node.localName === 'option') && closest(node, 'option'));

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

/**
 * What stands for a native says what the native says of itself (its source: patch.js): libraries (jQuery up to 3.6, Sentry) go
 * other ways where they meet a method that is not the browser's.
 */
function inPlaceOf(native, handler) {
  const made = new Proxy(native, handler);
  natives.set(made, nativeOf(native));
  return made;
}
const calling = (native, call) => native && inPlaceOf(native, { apply: (_, self, args) => call(self, args) });

/**
 * Methods: `run(go, args, self, name, native)`, where `go()` calls the native with `args` as they then are. Where
 * `isIdle(args, self)`, there is nothing to run: the native is called at once.
 */
export function methods(w, where, names, run, isIdle) {
  for (const name of names.split(' ')) {
    replace(w, where, name, (native) =>
      calling(native, (self, args) =>
        isIdle?.(args, self) ? apply(native, self, args) : run(() => apply(native, self, args), args, self, name, native),
      ),
    );
  }
}

/** A property: `set(value, go, self)`, where `go(value)` calls the native; `read(go, self)`. `take`: what is made of what is set. */
export function property(w, where, name, set, read = (go, _self) => go(), take = said) {
  replace(w, where, name, (setter, getter) =>
    set && !setter
      ? {}
      : {
          get: calling(getter, (self) => read(() => apply(getter, self, []), self)),
          set: calling(setter, (self, args) => {
            if (set) set(take(args[0]), (given) => apply(setter, self, [given]), self);
            else apply(setter, self, args);
          }),
        },
  );
}

/** Constructors: `change(args)` gives other arguments, if need be; `begin(made, native, args)` is told of what was made. */
export function constructors(w, names, change, begin = undefined) {
  /** An interface may have two names. */
  const known = new Map();
  for (const name of names.split(' ')) {
    replace(w, w, name, (native) => {
      if (known.has(native)) return known.get(native);
      const construct = (target, args, as) => {
        const object = make(target, change(args) || args, as);
        begin?.(object, native, args);
        return object;
      };
      const made = inPlaceOf(native, { construct });
      known.set(native, made);
      // Not that of an interface under another name (`Audio`).
      if (native.prototype.constructor === native) native.prototype.constructor = made;
      return made;
    });
  }
}
