package main

import _ "bad/meta"

func main() {}
