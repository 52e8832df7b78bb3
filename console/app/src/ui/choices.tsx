import style from './choices.module.css'

/** Choices are views of one screen, as links, so that each has an address. */
export function Choices({ label, choices }: { label: string; choices: { href: string; text: string; current: boolean; count?: number }[] }) {
  return (
    <nav aria-label={label} className={style.choices}>
      {choices.map((choice) => (
        <a key={choice.text} href={choice.href} aria-current={choice.current ? 'page' : undefined}>
          {choice.text}
          {choice.count !== undefined && <span className={style.count}>{choice.count}</span>}
        </a>
      ))}
    </nav>
  )
}
