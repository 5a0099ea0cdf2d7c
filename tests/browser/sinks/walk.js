/**
 * Every way to make a browser do something: `{interface: {member: replaced}}` of all that this window offers. A setter is
 * `name=`, a method `name()`, one of the interface itself `::name()`, a constructor `new`; `replaced` says whether the function
 * is another than before the gate (judge.py).
 */
() => {
  const found = {};
  const replaced = (f) => !window.fromTheStart.has(f);
  const constructs = (f) => {
    try {
      Reflect.construct(Object, [], f);
      return true;
    } catch {
      return false;
    }
  };
  const add = (owner, member, f) => {
    found[owner] ||= {};
    found[owner][member] = replaced(f);
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
    if (!isNamespace && value.prototype && constructs(value)) add(key, 'new', value);
    if (value.prototype) members(key, value.prototype, '');
    members(key, value, isNamespace ? '' : '::');
  }
  members('Window', window, '');
  return found;
};
