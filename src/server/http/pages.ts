import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import { makeErrorPage } from "./error-page.ts";

/** The few plain pages of the server: a start page, the sandbox inbox, and the list of errors. */
export function servePages(app: FastifyInstance): void {
  servePage(app, "/", readPage("home"));
  servePage(app, "/sandbox", readPage("sandbox"));
  servePage(app, "/docs/errors", makeErrorPage());
}

function readPage(name: string): string {
  return readFileSync(new URL(`./pages/${name}.html`, import.meta.url), "utf8");
}

function servePage(app: FastifyInstance, url: string, html: string): void {
  const policy = contentPolicy(html);
  app.get(url, { schema: { hide: true } }, (_request, reply) => {
    reply.header("content-security-policy", policy).type("text/html; charset=utf-8").send(html);
  });
}

/**
 * Allows exactly the script that is in the page. Styles are open because the frame that shows a mail inherits this policy, and mails
 * style themselves inline; their pictures come from anywhere.
 */
function contentPolicy(html: string): string {
  const script = /<script>([\s\S]*?)<\/script>/.exec(html)?.[1];
  const hash = script === undefined ? "'none'" : `'sha256-${createHash("sha256").update(script).digest("base64")}'`;
  const rules = [
    "default-src 'none'",
    "connect-src 'self'",
    `script-src ${hash}`,
    "style-src 'unsafe-inline'",
    "img-src data: http: https:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return rules.join("; ");
}
