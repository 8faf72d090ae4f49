import { readFileSync } from 'node:fs';
import { openCore } from './core/core.js';
import { Metrics } from './http/metrics.js';
import { Outbox } from './http/outbox.js';
import { Face } from './http/server.js';
import { readCertificate } from './place/certificates.js';
import { INSTITUTION_CODES } from './place/institutions.js';
import { issueToPeople, type PeopleCodes } from './place/people.js';
import type { Place } from './place/place.js';
import { addAcquisitions } from './routes/acquisitions.js';
import { addAnswers } from './routes/answers.js';
import { addCorrections } from './routes/corrections.js';
import { addDisclosures } from './routes/disclosures.js';
import { addHolders } from './routes/holders.js';
import type { ProviderMessage } from './routes/messages.js';
import { addNotifications } from './routes/notifications.js';
import { addOperations } from './routes/operations.js';
import { addPersonPages } from './routes/person-pages.js';
import { addRequests } from './routes/requests.js';

/** Notices that may wait for one institution: with bodies as large as they may be, some tens of megabytes. */
const MOST_NOTICES = 1_000;
const NOTICES_AT_ONCE = 100;

/** The service while it runs. */
export interface Service {
  /** Where it listens, such as `https://127.0.0.1:8443`. */
  readonly address: string;
  /** Codes of the synthetic people, for trying it out. */
  readonly people: PeopleCodes;
  /** Reads certificates and the list of revoked ones again. */
  readonly readCertificates: () => void;
  /** Takes no more requests, answers those under way, and closes everything. */
  readonly close: () => Promise<void>;
}

/** Opens the core and its HTTP face on the loopback interface. */
export async function openService(
  place: Place,
  { port, requestsPerSecond }: { readonly port: number; readonly requestsPerSecond: number },
): Promise<Service> {
  const outbox = new Outbox<ProviderMessage>({ most: MOST_NOTICES, page: NOTICES_AT_ONCE, now: Date.now });
  const metrics = new Metrics(() => outbox.size);
  const core = await openCore(place, metrics);
  try {
    const people = await issueToPeople(core.issuer);
    const { authority, server } = place;
    const face = await Face.open({
      certificates: () => ({
        ...readCertificate(server),
        ca: readFileSync(authority.certificate),
        crl: readFileSync(authority.revocationList),
      }),
      institutions: INSTITUTION_CODES,
      metrics,
      requestsPerSecond,
    });
    addOperations(face.app, { vault: core.vault, metrics });
    const mediation = { ...core, outbox };
    addRequests(face.app, mediation);
    addNotifications(face.app, outbox);
    addAnswers(face.app, mediation);
    addAcquisitions(face.app, mediation);
    addHolders(face.app, core.mediator);
    addDisclosures(face.app, core.records);
    addPersonPages(face.app, core);
    addCorrections(face.app, core.records);
    const address = await face.app.listen({ host: '127.0.0.1', port });
    return {
      address,
      people,
      readCertificates: () => face.readCertificates(),
      close: async () => {
        outbox.close();
        await face.close();
        await core.close();
      },
    };
  } catch (error) {
    await core.close();
    throw error;
  }
}
