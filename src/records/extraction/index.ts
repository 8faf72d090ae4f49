export type { OnBehalf } from '../on-behalf.js';
export { type ExtractionProgress, type ExtractRecordsOptions, extractRecords } from './extract-records.js';
export type { ExtractedContent, ExtractedRecord } from './extracted-record.js';
export type { ExtractionFilter } from './filter.js';
export type { ExtractionManifest } from './manifest.js';
export {
  type Extraction,
  type OpenExtractionOptions,
  openExtraction,
  type ReadExtractionOptions,
} from './open-extraction.js';
