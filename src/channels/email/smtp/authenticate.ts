import { ask, type Capabilities, isLoopback, type Opening } from "./conversation.ts";
import { SmtpFailure } from "./failure.ts";
import type { FullReply } from "./reply-parser.ts";

type Session = { capabilities: Capabilities; isEncrypted: boolean };

/** Signs in with AUTH PLAIN (RFC 4616) or LOGIN when the settings have a user. The secrets never reach the transcript. */
export async function authenticate(opening: Opening, { capabilities, isEncrypted }: Session): Promise<void> {
  const { user, password = "", host, secure } = opening.settings;
  if (user === undefined) return;
  if (!isEncrypted && secure !== "none" && !isLoopback(host)) {
    throw new SmtpFailure(
      "tls",
      `${host} offers no STARTTLS, and the password must not go out in plain text. Add ?tls=off to the URL to allow it.`,
    );
  }
  const mechanisms = (capabilities.get("AUTH") ?? "").split(/[ =]+/);
  const signIn = mechanisms.includes("PLAIN") ? plain : mechanisms.includes("LOGIN") ? login : null;
  if (!signIn) throw new SmtpFailure("authentication", `${host} offers neither AUTH PLAIN nor AUTH LOGIN.`);
  const reply = await signIn(opening, { user, password });
  if (reply.code !== 235)
    throw new SmtpFailure("authentication", `${host} refused the user name or password: ${reply.code} ${reply.text}`, {
      reply,
    });
}

type Credentials = { user: string; password: string };

function plain(opening: Opening, { user, password }: Credentials): Promise<FullReply> {
  return ask(opening, `AUTH PLAIN ${base64(`\0${user}\0${password}`)}`, "AUTH PLAIN ***");
}

async function login(opening: Opening, { user, password }: Credentials): Promise<FullReply> {
  const first = await ask(opening, "AUTH LOGIN");
  if (first.code !== 334) return first;
  const second = await ask(opening, base64(user), "***");
  return second.code === 334 ? ask(opening, base64(password), "***") : second;
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
