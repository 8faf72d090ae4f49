export type { AuditLog } from './audit/audit-log.js';
export type { AuditLogEvent, AuditLogOptions } from './audit/audit-log-options.js';
export type { ReadEntriesOptions } from './audit/entry-pages.js';
export { openAuditLog } from './audit/open-audit-log.js';
export { type ShipLogOptions, type ShippedLines, shipLog } from './audit/ship-log.js';
export {
  type Audience,
  type AuditKeyName,
  auditKey,
  HIGHEST_VERSION,
  type InstitutionAudience,
  institutionAudience,
  type KeyName,
  type LinkKeyName,
  linkKey,
  type ParsedAudience,
  type ParsedAuditKey,
  type ParsedInstitutionAudience,
  type ParsedKeyName,
  type ParsedLinkKey,
  type ParsedRecordAudience,
  type ParsedStoreAudience,
  parseAudience,
  parseKeyName,
  type RecordAudience,
  recordAudience,
  type StoreAudience,
  storeAudience,
} from './codes/key-names.js';
export {
  formatPerInstitutionCode,
  type ParsedPerInstitutionCode,
  type PerInstitutionCode,
  parsePerInstitutionCode,
} from './codes/per-institution-code.js';
export { fiscalYear } from './codes/record-period.js';
export { ERROR_CODES, type ErrorCodeFacts, type RenkeiErrorCode } from './errors/codes.js';
export { type Refusal, RenkeiError, type RenkeiErrorDetails } from './errors/renkei-error.js';
export type { BatchResult } from './issuance/batch-result.js';
export type { IssuanceRequest } from './issuance/batches/issuance-request.js';
export type {
  AlreadyIssuedItem,
  IssuanceCounts,
  IssuanceItem,
  IssuanceResult,
  IssuedItem,
  RefusedRequest,
} from './issuance/batches/issuance-result.js';
export type { IssuanceProgress } from './issuance/batches/issue-stream.js';
export type {
  AnswersOptions,
  BulkLoad,
  BulkLoadOptions,
  ReceiveOptions,
  StoreOptions,
} from './issuance/bulk-load/bulk-load.js';
export type {
  AlreadyLoadedItem,
  BulkLoadAnswers,
  BulkLoadItem,
  LoadedItem,
  RefusedResident,
} from './issuance/bulk-load/load-answers.js';
export type { BulkLoadState } from './issuance/bulk-load/load-record.js';
export type { StoreProgress } from './issuance/bulk-load/store-people.js';
export type { IssuanceFinding } from './issuance/check-store.js';
export type {
  ComparePopulationOptions,
  ComparisonCounts,
  PopulationComparison,
  ReadComparisonOptions,
} from './issuance/comparison/population-comparison.js';
export type { Issuer } from './issuance/issuer.js';
export type {
  CheckStoreOptions,
  CheckStoreProgress,
  CodesOptions,
  IssueOptions,
  IssuerCallOptions,
  IssuerOptions,
  IssueStreamOptions,
  MediateOptions,
  PeriodCodesOptions,
  RecordCodesOptions,
  TranslateOptions,
} from './issuance/issuer-options.js';
export type { KeyCheck } from './issuance/key-check.js';
export { openIssuer } from './issuance/open-issuer.js';
export type { ResidentRecordCodeChanges } from './issuance/people/change-residents.js';
export type {
  AlreadyChangedItem,
  ChangedItem,
  ChangeItem,
  ChangeResult,
  ConflictingChange,
  RefusedChange,
} from './issuance/people/change-result.js';
export type {
  NothingToRemove,
  RefusedRemoval,
  RemovalItem,
  RemovalResult,
  RemovedItem,
} from './issuance/people/removal-result.js';
export type { HoldersFound, HoldersItem, HoldersResult } from './issuance/presented-codes/code-holders.js';
export type {
  AnsweredCode,
  CodeRefusal,
  CodesResult,
  RefusedCode,
} from './issuance/presented-codes/codes-result.js';
export type {
  ManagementFound,
  ManagementInformation,
  ManagementItem,
  ManagementResult,
} from './issuance/presented-codes/management-information.js';
export type { MediatedCodes, MediatedItem, OpenedCode } from './issuance/presented-codes/mediated-codes.js';
export type { PeriodCodes, RecordCodes, RefusedRecordCode } from './issuance/presented-codes/record-codes.js';
export type {
  NotHeldItem,
  TranslatedItem,
  TranslationItem,
  TranslationResult,
} from './issuance/presented-codes/translation-result.js';
export type { Residents } from './issuance/residents.js';
export type { SingleRequest } from './issuance/singles/single-request.js';
export type { ReceiveProgress, ResidentBatches } from './issuance/spill/receive-requests.js';
export type {
  AcquisitionNotice,
  AcquisitionNoticeContent,
} from './mediation/acquisitions/acquisition-notice.js';
export type {
  AcquisitionOutcome,
  AcquisitionRequest,
  AskedToAcquire,
  NothingToAcquire,
} from './mediation/acquisitions/acquisition-request.js';
export type { PersonDescription } from './mediation/acquisitions/person-description.js';
export type {
  AnswerOutcome,
  LapsedNotice,
  ProviderAnswer,
  RecordedAnswer,
  RepeatedAnswer,
  UnknownNotice,
} from './mediation/answers/provider-answer.js';
export type {
  MediationAnswersEvent,
  MediationEvent,
  MediationObserver,
  MediationRoundEvent,
} from './mediation/events.js';
export type {
  HoldersAnswered,
  HoldersInvalidCode,
  HoldersNotPermitted,
  HoldersOutcome,
  HoldersRequest,
} from './mediation/holders/holders-request.js';
export type { Mediator } from './mediation/mediator.js';
export type { MediatorCallOptions, MediatorOptions } from './mediation/mediator-options.js';
export { openMediator } from './mediation/open-mediator.js';
export {
  type Breach,
  type BreachesRead,
  type BreachList,
  readBreaches,
} from './mediation/permissions/breaches.js';
export {
  type CellClasses,
  type CellClassesRead,
  type CellClassList,
  readCellClasses,
} from './mediation/permissions/cell-classes.js';
export type { CheckedRows } from './mediation/permissions/checked-rows.js';
export type {
  PermissionDecision,
  PermissionQuestion,
  PermissionSource,
  RefusalReason,
} from './mediation/permissions/decision.js';
export type { FileFault } from './mediation/permissions/file-fault.js';
export {
  type InstitutionDirectory,
  type InstitutionDirectoryRead,
  type InstitutionEntry,
  readInstitutionDirectory,
} from './mediation/permissions/institution-directory.js';
export type { PermissionParts } from './mediation/permissions/parts.js';
export {
  type PermissionRevision,
  type PermissionRow,
  type PermissionTableOptions,
  type PermissionTableRead,
  readPermissionTable,
} from './mediation/permissions/permission-table.js';
export {
  openPermissions,
  type PermissionExplanation,
  type Permissions,
  type PermissionsOptions,
} from './mediation/permissions/permissions.js';
export type { FileOptions } from './mediation/permissions/row-file.js';
export { type UncoveredCell, uncoveredCells } from './mediation/permissions/uncovered.js';
export type { MediationRequest } from './mediation/requests/mediation-request.js';
export type {
  AnsweredRequest,
  ForwardedRequest,
  InvalidCode,
  MediationOutcome,
  MediationResult,
  ProviderWithoutCode,
  RecordedRequest,
  RefusedMediation,
  UnpermittedRequest,
} from './mediation/requests/mediation-result.js';
export type { NoticeContent, ProviderNotice } from './mediation/requests/provider-notice.js';
export {
  type CheckRecordsOptions,
  type CheckRecordsProgress,
  checkRecords,
} from './records/check/check-records.js';
export type { RecordFinding, RecordFindingKind } from './records/check/finding.js';
export type { Correction } from './records/correction/correct.js';
export type { CorrectableContent, RecordChange } from './records/correction/correctable.js';
export type {
  DisclosedContent,
  DisclosedCorrection,
  DisclosedItem,
  DisclosedRecord,
  Provision,
  WithheldRecord,
} from './records/disclosure/disclosed-record.js';
export type { Disclosure } from './records/disclosure/disclosure.js';
export { type RecordEraserOptions, recordEraser } from './records/eraser.js';
export type { TakenIn } from './records/new-codes/take-in.js';
export type { OnBehalf } from './records/on-behalf.js';
export { openRecords, type Records } from './records/records.js';
export type {
  CorrectRequest,
  DiscloseRequest,
  RecordStatisticsOptions,
  RecordsOptions,
  TakeInProgress,
  TakeInRequest,
} from './records/records-options.js';
export type { RecordStatistic } from './records/statistics.js';
export type { RotationEvent } from './rotation/events.js';
export type {
  AbortOptions,
  DestroyOptions,
  ErasedRecords,
  PlanOptions,
  ReceivedResidents,
  ReceiveResidentsOptions,
  RecordEraser,
  RetireOptions,
  RotationsOptions,
  SwitchOptions,
  VerifyOptions,
  WorkOptions,
  WorkProgress,
} from './rotation/options.js';
export type { RotationProgress, WorkResult } from './rotation/progress.js';
export type {
  ReceiptCleared,
  ReceiptDelivery,
  ReceiptKey,
  ReceiptProof,
  ReceiptSample,
  ReceiptStep,
  ReceiptTimes,
  RotationReceipt,
} from './rotation/receipt.js';
export {
  type CheckedReceipt,
  type CheckReceiptOptions,
  checkRotationReceipt,
  type ReceiptSigner,
  type SignedReceipt,
} from './rotation/receipts.js';
export type {
  GenerationRotationRequest,
  InstitutionRotationRequest,
  RecordPeriodRequest,
  RotationRequest,
  StoreRotationRequest,
} from './rotation/requests.js';
export type { Rotation } from './rotation/rotation.js';
export type {
  RateBasis,
  RotationCounts,
  RotationEstimate,
  RotationNeeds,
  RotationPlan,
  RotationRates,
  RotationStep,
} from './rotation/rotation-plan.js';
export { openRotations, type Rotations } from './rotation/rotations.js';
export type { AccessRecord, RecordOrigin } from './stores/access-record.js';
export type {
  LogAppended,
  LogCallOptions,
  LogDetails,
  LogDraft,
  LogEntry,
  LogHashPage,
  LogHead,
  LogPage,
  LogStore,
  LogValue,
  OperationLog,
  StoredCheckpoint,
} from './stores/log-port.js';
export { createMemoryRecordStore } from './stores/memory/memory-record-store.js';
export { createMemoryStore } from './stores/memory/memory-store.js';
export {
  type ChangeBatch,
  type HeldRows,
  type IssuanceBatch,
  type IssuanceDetails,
  type IssuancePage,
  type IssuanceStatistic,
  type IssuanceStore,
  type KeyRecord,
  type KeyState,
  MAX_BATCH_ROWS,
  type PageRequest,
  type PersonPage,
  type RecordedKey,
  type RemovedIssuance,
  type RemovedPerson,
  type StoreCallOptions,
  type StoreCounts,
  type StoreFinding,
  type StoreInvariant,
  type Successors,
  type WriteOutcome,
} from './stores/port.js';
export type { RecordContent, RecordedOutcome } from './stores/record-content.js';
export type {
  NewBranch,
  NewBranchOutcome,
  NewRecord,
  NewRecordOutcome,
  PersonRecordsPage,
  RecordBatch,
  RecordCodePairs,
  RecordErasure,
  RecordPeriodState,
  RecordStore,
  RecordsPage,
  RecordsWritten,
} from './stores/record-port.js';
export type {
  KeyTransition,
  KnownSuccessors,
  NewRotation,
  NotedRow,
  PartClaim,
  RotationKind,
  RotationMove,
  RotationPart,
  RotationRecord,
  RotationStatus,
  RotationStore,
  StoreOutlook,
  SuccessorKeys,
  SuccessorPairs,
} from './stores/rotation-port.js';
export { type InstitutionCode, parseInstitutionCode } from './subjects/institution-code.js';
export { type PackedResidents, packResidents } from './subjects/pack-residents.js';
export { ResidentRecordCode } from './subjects/resident-record-code.js';
export type {
  BreakerEvent,
  BreakerState,
  ClosedEvent,
  FaultEvent,
  RecoveredEvent,
  RecoveryFailedEvent,
  RetryEvent,
  VaultCall,
  VaultEvent,
  VaultFault,
  VaultObserver,
} from './vault/events.js';
export type {
  Assurance,
  AssuranceLevel,
  AssuranceName,
  AttackResult,
  DeriveOptions,
  KeyAssurance,
  KeyDestroyer,
  PackedCodes,
  Vault,
  VaultCallOptions,
  VaultEngine,
  VaultHealth,
} from './vault/port.js';
export type {
  HealthyReplica,
  ProbingReplica,
  RefusedReplica,
  ReplicaEvent,
  ReplicaHealth,
  RestingReplica,
} from './vault/replicas/health.js';
export type { ReplicatedVaultOptions, VaultReplica } from './vault/replicas/options.js';
export { openReplicatedVault, type ReplicatedVault } from './vault/replicas/replicated-vault.js';
