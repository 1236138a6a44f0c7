% Golden files of every class that GNU Octave can save:  octave --eval "make_golden" (in this folder)
% The version of Octave stands in the names. Values are fixed, so that readers can be tested without Octave.
version_name = strrep(OCTAVE_VERSION, '.', '_');
real_double = [1.5 -2; NaN Inf];
whole_double = [30 200];
real_single = single([1.5; 2.5]);
complex_double = [1+2i, 3];
complex_single = single(1 - 1i);
i8 = int8([-128 127]); u8 = uint8([0 255]); i16 = int16(-300); u16 = uint16(60000);
i32 = int32(-70000); u32 = uint32(4000000000); i64 = int64(-9007199254740993); u64 = uint64(18446744073709551615);
logical_array = [true; false];
text = 'go-nogo';
text_utf8 = 'Größe €';
text_rows = ['ab'; 'cd'; 'ef'];
text_square = ['ab'; 'cd'];  % Octave declares it four bytes too long
text_empty = '';
nd = reshape(1:24, 2, 3, 4);
empty_0x3 = zeros(0, 3);
empty_cell = cell(0, 2);
cells = {1, 'two', {true, int8(3)}};
cells_square = {['ab'; 'cd'], 5};
structure = struct('a', 1, 'b', struct('c', {{'x', 'y'}}));
struct_array = struct('name', {'p', 'q', 'r'}, 'value', {1, [1 2], 'z'});
sparse_double = sparse([1 2], [2 3], [2.5 -1], 3, 4);
sparse_logical = sparse([1 2], [2 3], [true true], 3, 4);
sparse_complex = sparse(1, 1, 1i, 2, 2);
range_row = 20:5:75;
names = {'real_double', 'whole_double', 'real_single', 'complex_double', 'complex_single', 'i8', 'u8', 'i16', 'u16', 'i32', ...
    'u32', 'i64', 'u64', 'logical_array', 'text', 'text_utf8', 'text_rows', 'text_empty', 'text_square', 'cells_square', 'nd', 'empty_0x3', 'empty_cell', ...
    'cells', 'structure', 'struct_array', 'sparse_double', 'sparse_logical', 'sparse_complex', 'range_row'};
save('-v7', ['octave_' version_name '_v7.mat'], names{:});
save('-v6', ['octave_' version_name '_v6.mat'], names{:});  % Octave itself cannot read on after text_square here
v4_names = {'real_double', 'whole_double', 'complex_double', 'text', 'sparse_double', 'range_row'};
save('-v4', ['octave_' version_name '_v4.mat'], v4_names{:});
save('-v7', ['octave_' version_name '_appended.mat'], 'text', 'whole_double');
whole_double = [1 2 3];
save('-append', '-v7', ['octave_' version_name '_appended.mat'], 'whole_double');
