import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contextOf, openBrowser, openPersonPage } from './browser.js';
import { makeRecords, PERSON } from './example-records.js';
import { readCodes } from './example-requests.js';
import { RunningService } from './running-service.js';

/** Writes what stands in the documents: the picture of a person's page, and the OpenAPI description. */
async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'renkei-documents-'));
  const service = await RunningService.start(folder);
  const browser = await openBrowser();
  try {
    const description = (await service.send('operator', 'GET', '/openapi.json')).json();
    writeFileSync('docs/mediator-service.openapi.json', `${JSON.stringify(description, null, 2)}\n`);
    const codes = readCodes(service);
    await makeRecords(service, codes);
    const context = await contextOf(browser, service, 'disclosure-system');
    const page = await openPersonPage(context, service, codes['disclosure-system']?.[PERSON]);
    await page.screenshot({ path: 'docs/access-records-page.png', fullPage: true });
  } finally {
    await browser.close();
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
