/**
 * Every way to make a browser do something: `{interface: {member: replaced}}` of all that this window offers. A setter is
 * `name=`, a method `name()`, one of the interface itself `::name()`, a constructor `new`; `replaced` says whether the function
 * is not the browser's.
 */
() => {
  const found = {};
  const native = /^(?:async )?(?:function|class) \w*(?: \w+)?\s*\([^)]*\)\s*\{\s*\[native code\]\s*\}$/;
  const text = Function.prototype.toString;
  // A stand-in has no name of its own.
  const replaced = (f, name = '') => !native.test(text.call(f)) || (name !== '' && !text.call(f).includes(name));
  const constructs = (f) => {
    try {
      Reflect.construct(Object, [], f);
      return true;
    } catch {
      return false;
    }
  };
  const add = (owner, member, f, name) => {
    found[owner] ||= {};
    found[owner][member] = replaced(f, name);
  };
  const members = (owner, object, before) => {
    for (const key of Object.getOwnPropertyNames(object)) {
      const { value, set } = Object.getOwnPropertyDescriptor(object, key);
      if (/^\d+$/.test(key) || key === 'constructor') continue;
      if (set) add(owner, `${before}${key}=`, set);
      else if (typeof value === 'function' && !/^[A-Z]/.test(key)) add(owner, `${before}${key}()`, value);
    }
  };
  for (const key of Object.getOwnPropertyNames(window)) {
    const { value } = Object.getOwnPropertyDescriptor(window, key);
    if (!/^[A-Z]/.test(key) || (typeof value !== 'function' && Object.prototype.toString.call(value) !== `[object ${key}]`)) continue;
    const isNamespace = typeof value !== 'function';
    if (!isNamespace && value.prototype && constructs(value)) add(key, 'new', value, key);
    if (value.prototype) members(key, value.prototype, '');
    members(key, value, isNamespace ? '' : '::');
  }
  members('Window', window, '');
  return found;
};
