package origin

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Named is a file and the path it stands at.
type Named struct {
	Path string
	File File
}

// Sizes draws file sizes between Min and Max, both included, each order of
// magnitude as often as any other: many small files and a few large ones.
type Sizes struct{ Min, Max int64 }

// Tree makes n files of mixed sizes in folders of a hundred. The same seed makes the
// same tree.
func Tree(seed uint64, n int, sizes Sizes) []Named {
	rng := rand.New(rand.NewPCG(seed, 0x7472656573))
	files := make([]Named, n)
	for i := range files {
		files[i] = Named{
			Path: fmt.Sprintf("/%03d/file-%06d.bin", i/100, i),
			File: File{Size: sizes.draw(rng), Seed: max(1, rng.Uint64())},
		}
	}
	return files
}

func (s Sizes) draw(rng *rand.Rand) int64 {
	lo, hi := float64(s.Min)+1, float64(s.Max)+1
	size := int64(lo*math.Pow(hi/lo, rng.Float64())) - 1
	return min(max(size, s.Min), s.Max)
}

// AddTree adds files and returns them as they are served.
func (o *Origin) AddTree(files []Named) []Named {
	added := make([]Named, len(files))
	for i, f := range files {
		added[i] = Named{Path: f.Path, File: o.Add(f.Path, f.File)}
	}
	return added
}
