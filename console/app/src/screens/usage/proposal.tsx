import { useState } from 'react'
import { useEntries } from '../../lib/labels'
import { Needs } from '../../shell/needs'
import { useMyRights } from '../../shell/rights'
import { Code } from '../../ui/badge'
import { Button } from '../../ui/button'
import { GroupName } from '../../ui/user-name'
import type { Usage as Answer } from './queries'
import { ReviewRemoval } from './review-removal'
import { steps, type Step } from './steps'
import { texts } from './text'
import type { Props as UsageProps } from './usage'
import style from './usage.module.css'

interface Props extends UsageProps {
  days: number
  usage: Answer // with something unused
  onStale: () => void // what is unused has changed since
}

/** Proposal says what can be taken away without what was used, and leads to its review; or why nothing can. */
export function Proposal(props: Props) {
  const { subject, who, administrators, allowed, usage } = props
  const [reviewed, setReviewed] = useState<Answer>()
  const assigns = useMyRights().assigns
  const proposed = steps(usage.operations ?? [])
  if (administrators) return <p>{subject.kind === 'user' ? texts.administrator : texts.administrators}</p>
  if (proposed.length === 0) return <p>{texts.nothingToTake}</p>
  const may = allowed.includes('update') || (subject.kind === 'user' && proposed.every((step) => 'leaves' in step && assigns(step.leaves)))
  return (
    <div className={style.proposal}>
      <p>{texts.proposed}</p>
      <ul className={style.steps}>
        {proposed.map((step) => (
          <li key={JSON.stringify(step)}>
            <StepText step={step} who={who} kind={subject.kind} />
          </li>
        ))}
      </ul>
      <p className={style.quiet}>{texts.rest}</p>
      {may ? (
        <p>
          <Button look="primary" onClick={() => setReviewed(usage)}>
            {texts.review}
          </Button>
        </p>
      ) : (
        <Needs why={texts.mayNot} permission={`${subject.kind}s:update`} />
      )}
      {reviewed && (
        <ReviewRemoval
          {...props}
          usage={reviewed}
          onClose={() => setReviewed(undefined)}
          onStale={() => {
            setReviewed(undefined)
            props.onStale()
          }}
          onSaved={(change) => {
            setReviewed(undefined)
            props.onSaved(change)
          }}
        />
      )}
    </div>
  )
}

const fewPatterns = 20

function StepText({ step, who, kind }: { step: Step; who: string; kind: 'user' | 'group' }) {
  const entries = useEntries()
  if ('leaves' in step) {
    return (
      <>
        {texts.leaves(who)} <GroupName name={step.leaves} />
      </>
    )
  }
  const left = step.revokes.length - fewPatterns
  return (
    <>
      {kind === 'user' ? texts.revokesOfUser(who) : texts.revokes(who)}
      <ul>
        {step.revokes.slice(0, fewPatterns).map((pattern) => (
          <li key={pattern}>
            {entries.get(pattern)?.label} <Code>{pattern}</Code>
          </li>
        ))}
        {left > 0 && <li>{texts.moreGrants(left)}</li>}
      </ul>
    </>
  )
}
