import { emailTransportSettings } from "./email/settings.ts";

/** The channels a message can go out by, each with the schema of its transports' settings. */
export const channels = {
  email: { name: "email", title: "E-mail", transportSettings: emailTransportSettings },
} as const;

export type ChannelName = keyof typeof channels;
