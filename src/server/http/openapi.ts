import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";

const pagePolicy = [
  "default-src 'none'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "script-src 'self'",
  // The reference page sets styles on its elements as it draws them.
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Describes every route added from here on at `/openapi.json` (OpenAPI 3.1), and shows that at `/docs`. */
export async function serveApiReference(
  app: FastifyInstance,
  { publicUrl, version }: { publicUrl: string | null; version: string },
): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Staffetta",
        version,
        description:
          "Events in, flows, messages out. Errors are problem documents (RFC 9457); the codes are at /docs/errors.",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      servers: [{ url: publicUrl ?? "/" }],
      components: {
        securitySchemes: {
          apiKey: { type: "http", scheme: "bearer", description: "An API key: `Authorization: Bearer stk_...`" },
        },
      },
      security: [{ apiKey: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  app.get("/openapi.json", { schema: { hide: true } }, (_request, reply) => {
    reply.header("access-control-allow-origin", "*").send(app.swagger());
  });
  await app.register(swaggerUi, {
    routePrefix: "/docs",
    staticCSP: pagePolicy,
    uiConfig: { docExpansion: "list", persistAuthorization: false, tryItOutEnabled: true },
    theme: {
      title: "API reference · Staffetta",
      // Without the bar that loads other people's references.
      css: [{ filename: "staffetta.css", content: ".swagger-ui .topbar { display: none }" }],
    },
  });
}
