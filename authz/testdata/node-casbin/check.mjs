// Asks node-casbin. The first argument is a file of [{model, policy, questions}], the paths of a
// model and of a policy and a list of [user, object, action]; the second is where the answers go,
// a list of true and false for each.
import { readFileSync, writeFileSync } from 'node:fs'
import { newEnforcer } from 'casbin'

const answers = []
for (const { model, policy, questions } of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  const enforcer = await newEnforcer(model, policy)
  const list = []
  for (const [user, object, action] of questions) {
    list.push(await enforcer.enforce(user, object, action))
  }
  answers.push(list)
}
writeFileSync(process.argv[3], JSON.stringify(answers))
