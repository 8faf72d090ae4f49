import { test } from 'node:test';
import { createMemoryStore } from 'renkei';
import { issuanceStoreContract } from 'renkei/testing';

// Put yours in its place: whatever opens a new, empty store.
const open = async () => createMemoryStore();

for (const { group, name, run } of issuanceStoreContract({ open })) test(`${group}: ${name}`, () => run());
