import { describeEngineContract } from '../../support/engine-contract.ts';
import { contractEngine } from './contract-engine.ts';

describeEngineContract('in memory', async () => {
  const engine = contractEngine();
  return await Promise.resolve({
    engine,
    image: 'contract-base',
    [Symbol.asyncDispose]: async () => await Promise.resolve(engine[Symbol.dispose]()),
  });
});
