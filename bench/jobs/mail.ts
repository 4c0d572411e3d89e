import type { Job } from "../job.ts";
import { benchMail } from "../mail.ts";

/** The channel alone: render, compose, hand over; beside a client that makes a connection for each mail. */
export const mailJob: Job = {
  name: "mail",
  bar: { ratio: 0.4 },
  run: ({ quick }) => benchMail({ seconds: quick ? 2 : 12 }),
};
