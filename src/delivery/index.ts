export type { DeliveredCodes, DeliveredPairs, Delivery, ReadPairsOptions } from './delivery.js';
export type { DeliveryFacts, DeliveryHeader } from './header.js';
export { type OpenDeliveryOptions, openDelivery } from './open-delivery.js';
export { type WriteDeliveryOptions, writeDelivery } from './write-delivery.js';
