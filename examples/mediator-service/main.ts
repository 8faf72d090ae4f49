import { once } from 'node:events';
import { readArguments } from './arguments.js';
import { openPlace } from './place/place.js';
import { openService } from './service.js';
import { announcement, writeTryout } from './tryout.js';

/** The mediator service on SoftHSM and SQLite, for a look: see docs/mediator-service.md. */
async function main(): Promise<void> {
  const { folder, ...settings } = readArguments(process.argv.slice(2));
  const place = await openPlace(folder);
  const service = await openService(place, settings);
  process.on('SIGHUP', service.readCertificates);
  writeTryout(place.folder, service.people);
  console.log(announcement(service.address, place.folder));
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  await service.close();
  console.log('stopped');
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : 'the service failed');
  process.exitCode = 1;
});
