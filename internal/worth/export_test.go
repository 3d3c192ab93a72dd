package worth

// Forget makes the model foretell every life again.
func (m *Model) Forget() { clear(m.lives) }
