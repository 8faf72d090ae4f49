import { once } from 'node:events';
import { cpSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { connect as handshake } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeScratchFolder } from '../../../test/support/scratch-folder.js';
import { identityUri } from '../http/identity.js';
import { TestAuthority } from '../place/certificates.js';
import { INSTITUTIONS } from '../place/institutions.js';
import { RunningService } from './running-service.js';

const scratch = makeScratchFolder();
let service: RunningService;
beforeAll(async () => {
  service = await RunningService.start(scratch.path('service'));
}, 120_000);
afterAll(async () => {
  await service?.stop();
});

const { city, prefecture } = INSTITUTIONS;
const holders = (inquirer: string) => ({ inquirer, code: 'a'.repeat(40), affair: '例' });
const ask = (client: string | undefined, inquirer: string = city.code) =>
  service.send(client, 'POST', '/v1/holders', holders(inquirer));

/** Why handshakes were refused, as the log says. */
const refusedHandshakes = () =>
  service.log
    .map((line) => JSON.parse(line) as { readonly msg: string; readonly reason?: string })
    .flatMap(({ msg, reason }) => (msg === 'handshake refused' ? [reason] : []));

describe('who may speak to the service', () => {
  test('nobody without a client certificate: the handshake fails', async () => {
    await expect(ask(undefined)).rejects.toThrow(/certificate required/);
  });

  test('nobody whose certificate is of another authority', async () => {
    const other = TestAuthority.open(scratch.path('other'));
    const uri = identityUri({ role: 'institution', institution: city.code });
    const { certificate, key } = other.issueClient('stranger', uri);
    cpSync(certificate, service.path('certificates', 'stranger.pem'));
    cpSync(key, service.path('certificates', 'stranger.key'));
    await expect(ask('stranger')).rejects.toThrow('socket hang up');
    await expect.poll(refusedHandshakes, { timeout: 10_000 }).toContain('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  test.each([
    ['names an institution that takes no part', 'urn:example:renkei:institution:9999'],
    ['names another role', 'urn:example:renkei:administrator:0299990000001100'],
    ['names something else', 'https://127.0.0.1/0299990000001100'],
  ])('nobody whose certificate %s', async (_, uri) => {
    const name = `odd-${uri.length}`;
    TestAuthority.open(service.path('certificates')).issueClient(name, uri);
    expect(await ask(name)).toMatchObject({ status: 401 });
    expect((await ask(name)).json()).toMatchObject({ code: 'CERTIFICATE_UNKNOWN' });
  });

  test('an institution speaks for itself only', async () => {
    expect(await ask('city')).toMatchObject({ status: 200 });
    const refused = await ask('city', prefecture.code);
    expect(refused.status).toBe(403);
    expect(refused.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(refused.json()).toMatchObject({ code: 'INSTITUTION_MISMATCH', status: 403, retryable: false });
  });

  test.each([
    ['city', 'GET', '/health'],
    ['city', 'GET', '/metrics'],
    ['disclosure-system', 'GET', '/health'],
    ['operator', 'POST', '/v1/holders'],
    ['disclosure-system', 'POST', '/v1/holders'],
  ])('%s may not %s %s', async (client, method, path) => {
    const body = method === 'POST' ? holders(city.code) : undefined;
    const refused = await service.send(client, method, path, body);
    expect(refused.status).toBe(403);
    expect(refused.json()).toMatchObject({ code: 'ROLE_REFUSED' });
  });

  test('a certificate that is revoked is refused from the next SIGHUP on, on connections that are open too', async () => {
    const authority = TestAuthority.open(service.path('certificates'));
    const uri = identityUri({ role: 'institution', institution: prefecture.code });
    authority.issueClient('revoked', uri);
    expect(await ask('revoked', prefecture.code)).toMatchObject({ status: 200 });
    authority.revoke('revoked');
    service.signal('SIGHUP');
    const askAgain = async () => {
      await ask('revoked', prefecture.code).catch(() => undefined);
      return refusedHandshakes();
    };
    await expect.poll(askAgain, { timeout: 10_000 }).toContain('CERT_REVOKED');
    await expect(ask('revoked', prefecture.code)).rejects.toThrow('socket hang up');
    service.forgetConnections();
    expect(await ask('prefecture', prefecture.code)).toMatchObject({ status: 200 });
  });

  test('a connection of before the certificate was revoked serves nobody, neither by a late handshake nor after a long wait', async () => {
    const authority = TestAuthority.open(service.path('certificates'));
    authority.issueClient('leaving', identityUri({ role: 'institution', institution: prefecture.code }));
    const waiting = service.send('leaving', 'GET', '/v1/notifications?wait=4');
    const raw = connect(Number(new URL(service.address).port), '127.0.0.1');
    await once(raw, 'connect');
    // One that came later was answered: so the service knows of both by now.
    expect(await service.send('leaving', 'GET', '/v1/notifications')).toMatchObject({ status: 200 });
    authority.revoke('leaving');
    service.signal('SIGHUP');
    const again = () => ask('leaving', prefecture.code).then(({ status }) => status, String);
    await expect.poll(again, { timeout: 10_000 }).not.toBe(200);
    const file = (name: string) => readFileSync(service.path('certificates', name));
    const late = handshake({
      socket: raw,
      ca: file('ca.pem'),
      cert: file('leaving.pem'),
      key: file('leaving.key'),
    });
    late.end('GET /v1/notifications HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
    let answer = '';
    for await (const part of late) answer += part;
    expect(answer).toMatch(/^HTTP\/1.1 401 /);
    expect(answer).toContain('"CONNECTION_OUTDATED"');
    const waited = await waiting;
    expect(waited.status).toBe(401);
    expect(waited.json()).toMatchObject({ code: 'CONNECTION_OUTDATED' });
    service.forgetConnections();
  });
});
