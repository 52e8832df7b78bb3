import { Component, type ReactNode } from 'react'
import { ProblemBox } from '../ui/problem'

/** Boundary shows an error of the page where the screen would be; the navigation stays. */
export class Boundary extends Component<{ children: ReactNode }, { error?: unknown }> {
  override state: { error?: unknown } = {}

  static getDerivedStateFromError(error: unknown) {
    return { error }
  }

  override render() {
    if (this.state.error) return <ProblemBox error={this.state.error} onRetry={() => location.reload()} />
    return this.props.children
  }
}
