export { isConsistent, isIncluded } from '../signatures/merkle-proofs.js';
export { leafHash } from '../signatures/merkle-tree.js';
export type { GivenPublicKey } from '../signatures/public-keys.js';
export { type Checkpoint, type CheckpointFault, readCheckpoint } from './checkpoint.js';
export type { LogFinding } from './findings.js';
export { type VerifyLogOptions, verifyLog } from './verify-log.js';
export { type VerifyLogLinesOptions, verifyLogLines } from './verify-log-lines.js';
export type { LogVerification, VerifyOptions } from './verify-options.js';
