/** A cache that forgets what was used longest ago once it has too many entries or too much weight. */
export type LeastRecent<Value> = {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  size(): number;
};

/** Makes an empty cache; the weight of an entry is the length of its key. */
export function leastRecent<Value>(limits: { entries: number; weight: number }): LeastRecent<Value> {
  const values = new Map<string, Value>();
  let weight = 0;

  function get(key: string): Value | undefined {
    const value = values.get(key);
    if (value === undefined) return undefined;
    // A Map keeps the order of insertion, so moving to the end marks the entry as just used.
    values.delete(key);
    values.set(key, value);
    return value;
  }

  function set(key: string, value: Value): void {
    if (!values.delete(key)) weight += key.length;
    values.set(key, value);
    for (const oldest of values.keys()) {
      if (values.size <= limits.entries && weight <= limits.weight) break;
      values.delete(oldest);
      weight -= oldest.length;
    }
  }

  return { get, set, size: () => values.size };
}
