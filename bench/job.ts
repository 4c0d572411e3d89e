import type { Place } from "./rig/place.ts";

/** What a row has to reach: a share of the bare limit, or a figure of its own. */
export type Bar = { ratio?: number; atLeast?: number; atMost?: number };

/** One measurement. `row` and `bar` are given when a job measures more than one thing. */
export type Measured = { row?: string; bar?: Bar; figure: number; unit: string; limit: number | null; note?: string };

export type Setting = {
  quick: boolean;
  place: Place;
  /** Where CPU profiles of the measured process go; null: none are made. */
  profileDir: string | null;
};

export type Job = { name: string; bar: Bar; run(setting: Setting): Promise<Measured | Measured[]> };

export type Row = {
  job: string;
  figure: number;
  unit: string;
  limit: number | null;
  ratio: number | null;
  bar: string;
  ok: boolean;
  note?: string;
};

/** Sets a measurement beside its limit and its bar. */
export function judge(job: Job, measured: Measured): Row {
  const { figure, unit, limit, note } = measured;
  const bar = measured.bar ?? job.bar;
  const ratio = limit === null || limit === 0 ? null : figure / limit;
  const isRatioGood = bar.ratio === undefined || (ratio !== null && ratio >= bar.ratio);
  const isFigureGood =
    figure >= (bar.atLeast ?? Number.NEGATIVE_INFINITY) && figure <= (bar.atMost ?? Number.POSITIVE_INFINITY);
  return {
    job: measured.row ?? job.name,
    figure: round(figure),
    unit,
    limit: limit === null ? null : round(limit),
    ratio: ratio === null ? null : round(ratio),
    bar: describeBar(bar, unit),
    ok: isRatioGood && isFigureGood,
    ...(note === undefined ? {} : { note }),
  };
}

function describeBar({ ratio, atLeast, atMost }: Bar, unit: string): string {
  const parts = [
    ratio === undefined ? "" : `ratio >= ${ratio}`,
    atLeast === undefined ? "" : `>= ${atLeast} ${unit}`,
    atMost === undefined ? "" : `<= ${atMost} ${unit}`,
  ];
  return parts.filter((part) => part !== "").join(" and ");
}

function round(value: number): number {
  return Number(value.toPrecision(value >= 1000 ? 5 : 3));
}
