/** A memory by key that forgets what was not asked for in a while. */
export type Recent<Value> = {
  find(key: string): Value | undefined;
  keep(key: string, value: Value): void;
  forget(key: string): void;
};

/** Makes an empty memory. What was not asked for while `max` others came is forgotten; at most twice as many are kept. */
export function createRecent<Value>(max: number): Recent<Value> {
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();

  function keep(key: string, value: Value): void {
    if (young.size >= max) {
      old = young;
      young = new Map();
    }
    young.set(key, value);
  }

  return {
    keep,
    find(key) {
      const known = young.get(key);
      if (known !== undefined) return known;
      const aged = old.get(key);
      if (aged !== undefined) keep(key, aged);
      return aged;
    },
    forget(key) {
      young.delete(key);
      old.delete(key);
    },
  };
}
