// Runs before the tests of each file: reports errors of receivers after every test.
import { afterEach } from 'vitest';
import { throwFaults } from './receiver-faults.ts';

afterEach(throwFaults);
