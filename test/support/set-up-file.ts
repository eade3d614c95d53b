// Runs before the tests of each file.
import { afterEach } from 'vitest';
import { throwFaults } from './receiver-faults.ts';

afterEach(throwFaults);
