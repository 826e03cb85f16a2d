import { describeEngineContract } from '../support/engine-contract.ts';
import { openRealEngine } from '../support/real-engine/real-engine.ts';

describeEngineContract('Docker', openRealEngine);
