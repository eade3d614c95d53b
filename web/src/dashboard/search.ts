// Filters in the address; the portal uses them, too.
export * from '../parts/search.ts';
