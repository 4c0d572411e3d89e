import { email } from "./email/channel.ts";

/** The channels a message can go out by. */
export const channels = { email } as const;
