import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { type Reporter } from '@stryker-mutator/api/report';
import { formatSurvivors, hasSurvived } from './survival.ts';

/** The name of the reporter that announces survivors. */
export const ANNOUNCER = 'survivors';

/** A StrykerJS reporter that writes each survivor to standard error when it is found, because a run takes long. */
const announcer: Reporter = {
  onMutantTested(result) {
    if (hasSurvived(result)) process.stderr.write(formatSurvivors([result]));
  },
};

export const strykerPlugins = [declareValuePlugin(PluginKind.Reporter, ANNOUNCER, announcer)];
