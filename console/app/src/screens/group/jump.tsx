import type { Category } from '../../lib/catalog'
import { Count } from './category'
import type { Status } from './held'
import style from './permissions.module.css'
import { texts } from './text'
import { keyOf } from './wildcards'

/** Jump lists the outermost categories beside the catalog, with the way to each. */
export function Jump({ categories, status, onJump }: { categories: Category[]; status: ReadonlyMap<string, Status>; onJump: () => void }) {
  const held = [...status.values()].filter((s) => s.held).length
  return (
    <aside className={style.jump} aria-label={texts.jump}>
      <p className={style.total}>{texts.heldLong(held, status.size)}</p>
      <ul>
        {categories.map((category) => (
          <li key={keyOf(category.path)}>
            <button
              type="button"
              onClick={() => {
                onJump()
                requestAnimationFrame(() => document.querySelector(`[data-category="${CSS.escape(keyOf(category.path))}"]`)?.scrollIntoView())
              }}
            >
              <span>{category.name || texts.without}</span>
              <Count category={category} status={status} />
            </button>
          </li>
        ))}
      </ul>
    </aside>
  )
}
