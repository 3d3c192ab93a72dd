package s3put

// InPartsOf makes parts smaller, so that a test has several.
func (s *Sender) InPartsOf(n int64) { s.part = n }
