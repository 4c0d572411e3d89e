import { expect, test } from "vitest";
import { admit, type BreakerState, closedBreaker, record } from "./breaker.ts";

const options = { threshold: 3, openMs: 1000, maxOpenMs: 3000 };
const at = (ms: number) => new Date(1_000_000 + ms);

test("lets everything through while nothing fails", () => {
  expect(admit(closedBreaker, at(0), options)).toEqual({ admit: true, state: closedBreaker });
});

test("stays closed below the threshold", () => {
  expect(admit(failed(2, 0), at(0), options).admit).toBe(true);
});

test("a success between failures starts the count again", () => {
  const state = record(failed(2, 0), { ok: true, now: at(0) }, options);
  expect(admit(record(state, { ok: false, now: at(0) }, options), at(0), options).admit).toBe(true);
});

test("opens at the threshold and says when to come back", () => {
  expect(admit(failed(3, 0), at(10), options)).toEqual({ admit: false, retryAt: at(1000) });
});

test("a late failure of a call that was under way does not prolong the pause", () => {
  expect(admit(record(failed(3, 0), { ok: false, now: at(900) }, options), at(950), options)).toEqual({
    admit: false,
    retryAt: at(1000),
  });
});

test("lets one probe through after the pause, and holds the others", () => {
  const first = admitted(failed(3, 0), 1000);
  expect(admit(first, at(1001), options)).toEqual({ admit: false, retryAt: at(2001) });
});

test("closes when the probe succeeds", () => {
  expect(record(admitted(failed(3, 0), 1000), { ok: true, now: at(1100) }, options)).toEqual(closedBreaker);
});

test("a failed probe doubles the pause, up to the longest", () => {
  let state = failed(3, 0);
  let now = 0;
  const pauses = [1, 2, 3, 4].map(() => {
    const refused = admit(state, at(now), options);
    const due = refused.admit ? Number.NaN : refused.retryAt.getTime() - at(now).getTime();
    now += due;
    state = record(admitted(state, now), { ok: false, now: at(now) }, options);
    return due;
  });
  expect(pauses).toEqual([1000, 2000, 3000, 3000]);
});

test("a probe that never ends gives way to another", () => {
  const lost = admitted(failed(3, 0), 1000);
  const next = admitted(lost, 2000);
  expect(admit(next, at(2001), options).admit).toBe(false);
});

function failed(times: number, ms: number): BreakerState {
  let state = closedBreaker;
  for (let count = 0; count < times; count += 1) state = record(state, { ok: false, now: at(ms) }, options);
  return state;
}

function admitted(state: BreakerState, ms: number): BreakerState {
  const result = admit(state, at(ms), options);
  if (!result.admit) throw new Error("not admitted");
  return result.state;
}
