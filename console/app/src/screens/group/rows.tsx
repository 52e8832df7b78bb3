import { memo, useId } from 'react'
import { to } from '../../lib/route'
import { Badge } from '../../ui/badge'
import { Checkbox } from '../../ui/checkbox'
import { classes } from '../../ui/classes'
import style from './permissions.module.css'
import { texts } from './text'
import type { SetRule } from './use-group-draft'

interface RuleProps {
  code: string
  label: string
  direct: boolean // a rule of the group grants just this
  restricted: boolean // a rule of the group restricts just this
  wasGranted: boolean // before the draft
  wasRestricted: boolean
  may: boolean
  setRule: SetRule
}

interface PermissionProps extends RuleProps {
  wildcard?: string
  from?: string // the group that it is inherited from
  by?: string // the pattern there
  path?: string
  restrictedBy?: string // a wildcard, or a rule of another group
  restrictedFrom?: string
}

/** PermissionRow is a permission of the catalog. Its properties are plain values, so that only rows that change are drawn again. */
export const PermissionRow = memo(function PermissionRow(props: PermissionProps) {
  const { code, label, direct, wildcard, from, by, path, restricted, restrictedBy, restrictedFrom } = props
  const granted = direct || wildcard !== undefined || from !== undefined
  const denied = restricted || restrictedBy !== undefined
  return (
    <Row
      {...props}
      checked={granted && !denied}
      fixed={denied || (granted && !direct)}
      marks={
        <>
          {wildcard && <Badge>{texts.by} <code>{wildcard}</code></Badge>}
          {from && (
            <Badge tone="accent" title={[path && texts.fromVia(path), by !== code && by].filter(Boolean).join(' · ')}>
              {texts.from} <a href={to(['groups', from])}>{from}</a>
            </Badge>
          )}
          {denied && granted && <Badge>{texts.grantedAnyway}</Badge>}
          {denied && (
            <Badge tone="bad" title={texts.restrictedHint}>
              {texts.restricted}
              {restrictedFrom && <> {texts.from} <a href={to(['groups', restrictedFrom])}>{restrictedFrom}</a></>}
              {!restricted && !restrictedFrom && <> {texts.by} <code>{restrictedBy}</code></>}
            </Badge>
          )}
        </>
      }
    >
      <span className={style.label}>{label}</span>
      <code className={style.code}>{code}</code>
    </Row>
  )
})

/** WildcardRow is a rule that also covers what is added later, or one that the catalog doesn't know. */
export const WildcardRow = memo(function WildcardRow(props: RuleProps & { detail: string }) {
  return (
    <Row
      {...props}
      checked={props.direct && !props.restricted}
      fixed={props.restricted}
      isWildcard
      marks={props.restricted && <Badge tone="bad" title={texts.restrictedHint}>{texts.restricted}</Badge>}
    >
      <span className={style.label}>{props.label}</span>
      <span className={style.code}>
        <code>{props.code}</code> · {props.detail}
      </span>
    </Row>
  )
})

interface RowProps extends RuleProps {
  checked: boolean
  fixed: boolean // a tick decides nothing here
  isWildcard?: boolean
  marks: React.ReactNode
  children: React.ReactNode
}

function Row({ code, label, direct, restricted, wasGranted, wasRestricted, may, setRule, checked, fixed, isWildcard, marks, children }: RowProps) {
  const id = useId()
  return (
    <li className={classes(style.row, isWildcard && style.wildcard, direct && !wasGranted && style.added, !direct && wasGranted && style.removed)} data-held={checked || restricted || undefined}>
      <label className={style.tick} htmlFor={id}>
        <span className={style.box}>
          <Checkbox id={id} checked={checked} disabled={!may || fixed} onChange={(event) => setRule('grant', code, event.target.checked)} />
        </span>
        <span className={style.text}>{children}</span>
      </label>
      <span className={style.marks}>
        {marks}
        {direct && !wasGranted && <Badge tone="good">{texts.added}</Badge>}
        {!direct && wasGranted && <Badge tone="bad">{texts.removed}</Badge>}
        {restricted && !wasRestricted && <Badge tone="good">{texts.restrictionAdded}</Badge>}
        {!restricted && wasRestricted && <Badge tone="bad">{texts.restrictionLifted}</Badge>}
      </span>
      {may && (
        <button
          type="button"
          className={style.restrict}
          data-on={restricted || undefined}
          aria-label={`${restricted ? texts.lift : texts.restrict}: ${label} ${isWildcard ? code : ''}`}
          title={restricted ? texts.liftHint : texts.restrictHint}
          onClick={() => setRule('restrict', code, !restricted)}
        >
          {restricted ? texts.lift : texts.restrict}
        </button>
      )}
    </li>
  )
}

/** MoveByArrows goes from box to box with the arrow keys, Home and End. */
export function moveByArrows(event: React.KeyboardEvent<HTMLElement>) {
  if (!['ArrowUp', 'ArrowDown', 'Home', 'End'].includes(event.key) || !(event.target instanceof HTMLInputElement)) return
  const boxes = [...event.currentTarget.querySelectorAll<HTMLInputElement>('input[type=checkbox]:enabled')]
  const at = boxes.indexOf(event.target)
  const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: boxes.length - 1 }[event.key]
  const box = next === undefined ? undefined : boxes[next]
  if (!box) return
  event.preventDefault()
  box.focus()
}
