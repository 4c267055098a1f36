/** @file sequential: one worker, as a Trainer does it by itself. What all other strategies are compared with. */
import type { Strategy } from "./strategy.js";

export const sequential: Strategy = {
  async join(enrolment) {
    const options = await enrolment.build();
    return {
      trainerOptions: options as never,
      parameters: options.objective.parameters,
      saves: "any step",
      serve() {},
      finish() {
        enrolment.ledger.addTime(enrolment.barrier);
      },
    };
  },
};
