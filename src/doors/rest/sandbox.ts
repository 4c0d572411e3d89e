import { z } from "zod";
import { clearSandbox, getSandboxMessage, listSandbox } from "../../operations/sandbox.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { idParams, pageFields, pageOf } from "./schema.ts";

const tag = "Sandbox";
const notFound = ["message_not_found"] as const;

const query = z.strictObject({ to: z.string().max(512).optional(), ...pageFields });

const mailFields = {
  id: z.string(),
  from: z.string(),
  to: z.string(),
  subject: z.string(),
  receivedAt: z.date(),
};
const mailPage = pageOf(z.object(mailFields).meta({ id: "SandboxMessage" }));
const mailDetail = z.object({
  ...mailFields,
  headers: z.array(z.object({ name: z.string(), value: z.string() })),
  text: z.string().nullable(),
  html: z.string().nullable(),
});

const rawMail = {
  description: "The mail as it would have been sent.",
  content: { "message/rfc822": { schema: z.unknown() } },
};

/** The sandbox inbox: mails that were kept here instead of being sent. */
export function serveSandbox(app: RestApp, { platform, callerOf }: RestContext): void {
  app.get(
    "/v1/sandbox/messages",
    {
      schema: {
        ...describe({ tag, summary: "List the mails in the sandbox", description: "Newest first." }),
        querystring: query,
        response: { 200: mailPage, ...refusals({}) },
      },
    },
    async (request) => listSandbox(platform, callerOf(request), request.query),
  );

  app.get(
    "/v1/sandbox/messages/:id",
    {
      schema: {
        ...describe({ tag, summary: "Read a mail in the sandbox" }),
        params: idParams,
        response: { 200: mailDetail, ...refusals({ errors: notFound }) },
      },
    },
    async (request) => {
      const { raw: _, ...mail } = await getSandboxMessage(platform, callerOf(request), request.params);
      return mail;
    },
  );

  app.get(
    "/v1/sandbox/messages/:id/raw",
    {
      schema: {
        ...describe({ tag, summary: "Read a mail as it would have been sent (RFC 5322)" }),
        params: idParams,
        response: { 200: rawMail, ...refusals({ errors: notFound }) },
      },
    },
    async (request, reply) => {
      const { raw } = await getSandboxMessage(platform, callerOf(request), request.params);
      return reply.type("message/rfc822").send(Buffer.from(raw));
    },
  );

  app.delete(
    "/v1/sandbox/messages",
    {
      schema: {
        ...describe({ tag, summary: "Empty the sandbox" }),
        response: { 200: z.object({ removed: z.int() }), ...refusals({}) },
      },
    },
    async (request) => ({ removed: await clearSandbox(platform, callerOf(request)) }),
  );
}
