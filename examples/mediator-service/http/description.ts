import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';

/** What the OpenAPI description says besides the routes. */
export function describeApi(): FastifyDynamicSwaggerOptions {
  return {
    refResolver: { buildLocalReference: ({ $id }, _, __, n) => `${$id ?? n}` },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'renkei mediator service (example)',
        version: '1',
        description:
          'The HTTP face of an information-provision core (情報提供ネットワークシステム). Every caller is who its client certificate names. Errors are problem details (RFC 9457).',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: 'https://127.0.0.1:8443' }],
      tags: [
        { name: 'inquirer', description: '情報照会者' },
        { name: 'provider', description: '情報提供者' },
        { name: 'disclosure system', description: '情報提供等記録開示システム' },
        { name: 'records officer', description: 'Whoever answers requests for correction (記録の訂正)' },
        { name: 'operator', description: 'Whoever watches over the service' },
      ],
      components: {
        securitySchemes: {
          certificate: MUTUAL_TLS,
        },
      },
      security: [{ certificate: [] }],
    },
  };
}

/** A type of OpenAPI 3.1 that the plugin's types, which are of 3.0 here, do not know. */
const MUTUAL_TLS = {
  type: 'mutualTLS',
  description: 'A client certificate of the authority',
} as unknown as { type: 'openIdConnect'; openIdConnectUrl: string };
