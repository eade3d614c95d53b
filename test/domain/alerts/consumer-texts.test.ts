// What owners of endpoints read of an alert, in the portal and in their mail, names nothing that only an operator can call.
import { expect, it } from 'vitest';
import { alertKinds, audiences } from '#domain/alerts/alert';
import { alertText } from '#domain/alerts/alert-text';

const told = alertKinds.filter((kind) => audiences[kind] === 'owner');

it.each(told)('%s names no route of the API', (kind) => {
  expect(alertText(kind, {}, 2).detail).not.toMatch(/\/v1\/|GET|POST|PATCH|posthorn worker/);
});
